import { ephemeral } from "./workspace";

/** Before the first file. */
export default function setup(): void {
  ephemeral.begin();
}
