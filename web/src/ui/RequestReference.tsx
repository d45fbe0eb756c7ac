import { CopyButton } from "./CopyButton";

/** Code and request id of a failure, by which whoever runs the server finds it in the log. */
export function RequestReference({ code, requestId }: { code: string; requestId: string | undefined }) {
  return (
    <p className="mt-1 flex flex-wrap items-center gap-x-2 font-mono text-[0.6875rem] text-muted">
      <span>{code}</span>
      {requestId && (
        <span className="inline-flex items-center gap-0.5">
          request {requestId.slice(0, 8)}…
          <CopyButton text={`${code} ${requestId}`} label="Copy code and request id" />
        </span>
      )}
    </p>
  );
}
