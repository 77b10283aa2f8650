// A timer in a thread of its own: browsers slow down the timers of a page that nobody looks at, but not these.
let timer: ReturnType<typeof setTimeout> | undefined;

addEventListener("message", ({ data }: MessageEvent<number>) => {
  clearTimeout(timer);
  timer = setTimeout(() => postMessage(null), data);
});

export {};
