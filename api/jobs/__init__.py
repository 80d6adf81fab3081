"""Documents as jobs: kept on disk, translated in the background, fetched when they are done."""
