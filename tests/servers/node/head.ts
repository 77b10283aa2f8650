// The page's head motion over pictures in a file, one after another, SIDE by SIDE points of luma, 25 a second.
import { readFileSync } from "node:fs";
import { HeadMotion, SIDE } from "../../../monitor/console/src/operator/head.ts";

const pictures = readFileSync(process.argv[2] ?? "");
const size = SIDE * SIDE;
const motion = new HeadMotion();
for (let i = 0; (i + 1) * size <= pictures.length; i++) {
  const pose = motion.see(pictures.subarray(i * size, (i + 1) * size), i / 25);
  console.log(JSON.stringify({ seen: motion.seen, pose }));
}
