"""What a caller lives through. A procedure awaits a Call and imports no asyncio, no aiohttp, no database."""
