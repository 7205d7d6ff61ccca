"""Records that machines send: tolerant of fields they do not know, strict about the ones they do."""
