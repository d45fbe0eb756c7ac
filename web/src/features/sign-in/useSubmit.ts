import { useState } from "react";

/** Carries out one thing at a time and keeps how it failed. */
export function useSubmit(run: () => Promise<void>): { submit: () => void; isBusy: boolean; error: unknown } {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const submit = () => {
    setBusy(true);
    setError(undefined);
    run()
      .catch(setError)
      .finally(() => setBusy(false));
  };
  return { submit, isBusy, error };
}
