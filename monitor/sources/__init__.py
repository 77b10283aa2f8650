"""Sources: live streams as sequences of decoded pictures, one file per way in, all behind one interface."""
