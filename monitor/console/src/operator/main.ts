import { mount } from "svelte";
import "../shared/page.css";
import Operator from "./Operator.svelte";

const target = document.getElementById("app");
if (target) mount(Operator, { target });
