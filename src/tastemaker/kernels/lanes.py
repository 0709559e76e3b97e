"""Dot products with, and updates of, a few float32 rows at once, in explicit vector registers.

Compiled loops over six rows of one matrix do not vectorise well: the compiler cannot know that the rows differ. Here we
say so, by emitting the vector instructions: one pass over the memory per call, 16 lanes at a time on any processor.

Everything here takes addresses, checks nothing, and is for other kernels only. `slots` is a tuple of as many integers
as there are rows: its length is part of its type, so each number of rows is compiled once. `width` is the length of a
row in float32, a multiple of LANES. The rows must be distinct.
"""

from collections.abc import Callable
from typing import Any

import numba.core.cgutils
import numba.extending
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numpy.typing import NDArray

LANES = 16
HALF = 8  # where rows are short

_FLOAT, _WORD = ir.FloatType(), ir.IntType(64)
_VECTOR, _SHORT = ir.VectorType(_FLOAT, LANES), ir.VectorType(_FLOAT, HALF)
_WHOLE, _WHOLES, _PAIRS = ir.IntType(32), ir.VectorType(ir.IntType(32), LANES), ir.VectorType(ir.IntType(32), 2 * LANES)
_ADDRESSES = (types.intp, types.intp, types.intp, types.intp)
cgutils: Any = numba.core.cgutils  # numba types neither of these
intrinsic: Callable[[Callable[..., Any]], Any] = numba.extending.intrinsic


def aligned_zeros(n_rows: int, width: int) -> NDArray[np.float32]:
    """(n_rows, width) zeros whose first row starts a cache line."""
    room = np.zeros(n_rows * width + LANES, np.float32)
    skip = -(room.ctypes.data // 4) % LANES
    return room[skip : skip + n_rows * width].reshape(n_rows, width)


@intrinsic
def dots(_typing: Any, row: Any, targets: Any, scores: Any, width: Any, slots: Any) -> Any:
    """scores[j] = row . targets[j]; `targets` is the address of a table of row addresses."""

    def emit(context: Any, b: Any, signature: Any, args: Any) -> Any:
        row, targets, scores, width, _ = args
        rows = _rows(b, targets, len(signature.args[-1]))
        sums = [cgutils.alloca_once_value(b, ir.Constant(_VECTOR, [0.0] * LANES)) for _ in rows]
        with cgutils.for_range_slice(b, _WORD(0), width, _WORD(LANES)) as (k, _):
            x = _load(b, row, k)
            for total, target in zip(sums, rows, strict=True):
                b.store(_multiply_add(b, x, _load(b, target, k), b.load(total)), total)
        kind = ir.FunctionType(_FLOAT, [_FLOAT, _VECTOR])
        reduce = cgutils.get_or_insert_function(b.module, kind, f"llvm.vector.reduce.fadd.v{LANES}f32")
        for j, total in enumerate(sums):
            score = b.call(reduce, [_FLOAT(0.0), b.load(total)], fastmath=("fast",))
            b.store(score, _pointer(b, scores, _WORD(j), _FLOAT))
        return context.get_dummy_value()

    return types.void(*_ADDRESSES, slots), emit


@intrinsic
def prefetch(_typing: Any, row: Any, width: Any) -> Any:
    """Ask for a row's cache lines, all of them, before they are needed."""

    def emit(context: Any, b: Any, _signature: Any, args: Any) -> Any:
        row, width = args
        byte, i32 = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, i32, i32, i32])
        ask = cgutils.get_or_insert_function(b.module, kind, "llvm.prefetch.p0i8")
        with cgutils.for_range_slice(b, _WORD(0), width, _WORD(LANES)) as (k, _):
            where = b.inttoptr(b.add(row, b.shl(k, _WORD(2))), byte)
            b.call(ask, [where, i32(1), i32(3), i32(1)])  # for writing, into the nearest cache, data
        return context.get_dummy_value()

    return types.void(types.intp, types.intp), emit


@intrinsic
def any_above(_typing: Any, row: Any, threshold: Any, slots: Any) -> Any:
    """Is one of the first LANES · len(slots) floats at this address above the threshold? NaN is not."""

    def emit(_context: Any, b: Any, signature: Any, args: Any) -> Any:
        row, threshold, _ = args
        least, found = _splat(b, threshold), None
        for j in range(len(signature.args[-1])):
            over = b.fcmp_ordered(">", _load(b, row, _WORD(j * LANES)), least)
            found = over if found is None else b.or_(found, over)
        bits = b.bitcast(found, ir.IntType(LANES))
        return b.icmp_unsigned("!=", bits, ir.IntType(LANES)(0))

    return types.boolean(types.intp, types.float32, slots), emit


@intrinsic
def subtract(_typing: Any, row: Any, others: Any, steps: Any, begin: Any, width: Any, slots: Any) -> Any:
    """row -= sum_j steps[j] others[j], from `begin` on, a multiple of HALF; rows of one matrix, `width` floats apart.

    `others` is the address of the first of them, `steps` that of its factor; factors are `width` floats apart, too.
    """

    def emit(context: Any, b: Any, signature: Any, args: Any) -> Any:
        row, others, steps, begin, width, _ = args
        count, stride = len(signature.args[-1]), b.shl(width, _WORD(2))
        rows = [b.add(others, b.mul(stride, _WORD(j))) for j in range(count)]
        places = [b.add(steps, b.mul(stride, _WORD(j))) for j in range(count)]
        scales = [_splat(b, b.fneg(b.load(_pointer(b, at, _WORD(0), _FLOAT))), HALF) for at in places]
        with cgutils.for_range_slice(b, begin, width, _WORD(HALF)) as (k, _):
            total = _load(b, row, k, _SHORT)
            for scale, other in zip(scales, rows, strict=True):
                total = _multiply_add(b, scale, _load(b, other, k, _SHORT), total)
            b.store(total, _pointer(b, row, k, _SHORT), align=4)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 5, slots), emit


@intrinsic
def bounds(
    _typing: Any,
    block: Any,
    query: Any,
    pairs: Any,
    unit: Any,
    scale: Any,
    radius: Any,
    least: Any,
    room: Any,
    slots: Any,
) -> Any:
    """room[j] = unit (query . block[:, j]) scale[j] + radius[j]; is one of them above `least`?

    block: int8 (pairs, LANES · len(slots), 2); query: int16 (pairs, 2). Sums are int32: two products and a sum are one
    instruction where the processor has it.
    """
    signature = types.boolean(*(types.intp,) * 3, types.float32, *(types.intp,) * 2, types.float32, types.intp, slots)

    def emit(_context: Any, b: Any, signature: Any, args: Any) -> Any:
        block, query, pairs, unit, scale, radius, least, room, _ = args
        n = len(signature.args[-1])
        sums = [cgutils.alloca_once_value(b, ir.Constant(_WHOLES, [0] * LANES)) for _ in range(n)]
        with cgutils.for_range_slice(b, _WORD(0), pairs, _WORD(1)) as (f, _):
            pair = _splat(b, b.load(_pointer(b, query, f, _WHOLE)))
            mine = b.sext(b.bitcast(pair, ir.VectorType(ir.IntType(16), 2 * LANES)), _PAIRS)
            for j, total in enumerate(sums):
                at = b.add(block, b.mul(b.add(b.mul(f, _WORD(n)), _WORD(j)), _WORD(2 * LANES)))
                bytes_ = b.load(b.inttoptr(at, ir.VectorType(ir.IntType(8), 2 * LANES).as_pointer()), align=1)
                b.store(b.add(b.load(total), _pair_sums(b, b.mul(b.sext(bytes_, _PAIRS), mine))), total)
        limit, times, found = _splat(b, least), _splat(b, unit), None
        for j, total in enumerate(sums):
            at = _WORD(j * LANES)
            score = b.fmul(b.sitofp(b.load(total), _VECTOR), times, flags=["fast"])
            bound = _multiply_add(b, score, _load(b, scale, at), _load(b, radius, at))
            b.store(bound, _pointer(b, room, at, _VECTOR), align=4)
            over = b.fcmp_ordered(">", bound, limit)
            found = over if found is None else b.or_(found, over)
        return b.icmp_unsigned("!=", b.bitcast(found, ir.IntType(LANES)), ir.IntType(LANES)(0))

    return signature, emit


@intrinsic
def learn(_typing: Any, row: Any, targets: Any, steps: Any, width: Any, slots: Any) -> Any:
    """row += sum_j steps[j] targets[j], and targets[j] += steps[j] row, both from the values before the call."""

    def emit(context: Any, b: Any, signature: Any, args: Any) -> Any:
        row, targets, steps, width, _ = args
        _emit_learn(b, row, targets, steps, width, len(signature.args[-1]))
        return context.get_dummy_value()

    return types.void(*_ADDRESSES, slots), emit


@intrinsic
def learn_shrinking(
    _typing: Any, row: Any, targets: Any, steps: Any, width: Any, keep_row: Any, keep_target: Any, slots: Any
) -> Any:
    """`learn`, where the row is first multiplied by keep_row, and each target by keep_target: weight decay."""

    def emit(context: Any, b: Any, signature: Any, args: Any) -> Any:
        row, targets, steps, width, keep_row, keep_target, _ = args
        kept = _splat(b, keep_row), _splat(b, keep_target)
        _emit_learn(b, row, targets, steps, width, len(signature.args[-1]), kept)
        return context.get_dummy_value()

    return types.void(*_ADDRESSES, types.float32, types.float32, slots), emit


def _emit_learn(b: Any, row: Any, targets: Any, steps: Any, width: Any, n: int, kept: Any = None) -> None:
    rows = _rows(b, targets, n)
    scales = [_splat(b, b.load(_pointer(b, steps, _WORD(j), _FLOAT))) for j in range(n)]
    with cgutils.for_range_slice(b, _WORD(0), width, _WORD(LANES)) as (k, _):
        x = _load(b, row, k)
        moved = x if kept is None else b.fmul(kept[0], x, flags=["fast"])
        for scale, target in zip(scales, rows, strict=True):
            y = _load(b, target, k)
            moved = _multiply_add(b, scale, y, moved)
            base = y if kept is None else b.fmul(kept[1], y, flags=["fast"])
            b.store(_multiply_add(b, scale, x, base), _pointer(b, target, k, _VECTOR), align=4)
        b.store(moved, _pointer(b, row, k, _VECTOR), align=4)


def _pointer(b: Any, base: Any, k: Any, kind: Any) -> Any:
    return b.inttoptr(b.add(base, b.shl(k, _WORD(2))), kind.as_pointer())


def _load(b: Any, base: Any, k: Any, kind: Any = _VECTOR) -> Any:
    return b.load(_pointer(b, base, k, kind), align=4)


def _rows(b: Any, table: Any, n: int) -> list[Any]:
    return [b.load(b.inttoptr(b.add(table, _WORD(8 * j)), _WORD.as_pointer())) for j in range(n)]


def _multiply_add(b: Any, x: Any, y: Any, z: Any) -> Any:
    return b.fadd(z, b.fmul(x, y, flags=["fast"]), flags=["fast"])


def _pair_sums(b: Any, products: Any) -> Any:
    undefined = ir.Constant(_PAIRS, ir.Undefined)
    even, odd = (
        b.shuffle_vector(products, undefined, ir.Constant(_WHOLES, list(range(first, 2 * LANES, 2))))
        for first in (0, 1)
    )
    return b.add(even, odd)


def _splat(b: Any, x: Any, lanes: int = LANES) -> Any:
    undefined, i32 = ir.Constant(ir.VectorType(x.type, lanes), ir.Undefined), ir.IntType(32)
    first = b.insert_element(undefined, x, i32(0))
    return b.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(i32, lanes), [0] * lanes))
