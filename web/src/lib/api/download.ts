import { request } from "./request";

/** Saves what an address answers as a file. It is asked for like any call, so a failure is told and not saved. */
export async function download(path: string, name: string): Promise<void> {
  const response = await request(path, { accept: "*/*" });
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it over by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
