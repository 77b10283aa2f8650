import { mount } from "svelte";
import Console from "./Console.svelte";
import "../shared/page.css";

const target = document.getElementById("app");
if (target) mount(Console, { target });
