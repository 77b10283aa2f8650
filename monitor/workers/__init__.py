"""Workers: processes of our own that hold the streams; one that dies takes down no other, and a spare takes over."""
