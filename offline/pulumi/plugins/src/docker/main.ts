import { runPlugin } from "../protocol/main";
import { dockerProvider } from "./provider";

void runPlugin(dockerProvider());
