"""What watching is compared with: PyAV that reads live streams and decodes them, and nothing else.

``python -m tests.bench.bare_decoder keyframes|all URL…``: one thread for each stream; says "ready" once each has given
a picture, and ends when its standard input does.
"""

import sys
import threading

import av


def decode(url: str, mode: str, started: threading.Semaphore) -> None:
    """Decode one stream until it ends."""
    with av.open(url, options={"rtmp_live": "live", "rw_timeout": "10000000"}) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        if mode == "keyframes":
            stream.codec_context.skip_frame = "NONKEY"
        for number, _ in enumerate(container.decode(stream)):
            if number == 0:
                started.release()


def main(mode: str, urls: list[str]) -> None:
    """Decode all streams, each in a thread."""
    started = threading.Semaphore(0)
    for url in urls:
        threading.Thread(target=decode, args=(url, mode, started), daemon=True).start()
    for _ in urls:
        started.acquire()
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
