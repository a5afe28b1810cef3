/** How a data plane ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** What the control plane asks of HAProxy. */
export interface DataPlane {
  /** Says what is wrong with a configuration; undefined when it would load. */
  check(config: string): Promise<string | undefined>;
  /** Says what is wrong with a crt-list and its certificates; undefined when they would load. */
  checkCertificates(listFile: string): Promise<string | undefined>;
  /**
   * Starts with this configuration; resolves when it accepts connections.
   * @param serving as by `setServing`
   */
  start(config: string, serving?: boolean): Promise<void>;
  /** Serves a file's new certificate from now on, without a reload; false when it cannot. */
  replaceCertificate(file: string, pem: string): Promise<boolean>;
  /**
   * Replaces the configuration without losing a connection. On failure the one before stays, in the process and on disk.
   * @throws Error with HAProxy's own words
   */
  reload(config: string): Promise<void>;
  /** Whether the edge should send connections here; kept over reloads. */
  setServing(serving: boolean): Promise<void>;
  /** Lets requests end, then ends; by force after `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
  /** Resolves when it ended, asked to or not. */
  readonly exited: Promise<Exit>;
}
