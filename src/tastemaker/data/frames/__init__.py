"""Pictures and videos as tags: what a detector in a folder that the user names sees in their frames."""

from .detector import Detector, Seen
from .spec import DetectorSpec, read_spec
from .tags import FramesRead, Tagged, tag_folder, write_tags

__all__ = ["Detector", "DetectorSpec", "FramesRead", "Seen", "Tagged", "read_spec", "tag_folder", "write_tags"]
