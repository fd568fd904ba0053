"""The synchronous transport, on `requests` and `urllib3`."""
