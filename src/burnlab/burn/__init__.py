"""What a burn program does to a drive: inspect, blank, format, write, close, read, eject."""
