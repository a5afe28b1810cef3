import { runPlugin } from "../protocol/main";
import { commandProvider } from "./provider";

void runPlugin(commandProvider());
