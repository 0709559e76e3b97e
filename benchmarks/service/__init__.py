"""The service under load, beside a plain endpoint: python -m benchmarks.service.run"""
