"""Acts: the asyncio service that attaches to streams, watches, asks, and cuts."""
