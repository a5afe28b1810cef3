/** Prints a figure below the name of the case that runs. */
export const note = (text: string): boolean => process.stderr.write(`    ${text}\n`);
