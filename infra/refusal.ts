import * as pulumi from "@pulumi/pulumi";

/**
 * An error that ends the program with a sentence for its user, who needs no stack. The runtime formats
 * the stack all the same, in colour, and Node.js 20 takes a minute of it where paths lead through
 * node_modules; so there is none.
 */
export function refusal(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  error.stack = message;
  return error;
}
