"""Pictures and videos from files: VL photographs, secondary captures, videos (PS3.3 A.32, A.8)."""
