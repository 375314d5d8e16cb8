import { useQueryClient } from "@tanstack/react-query";
import { useToast } from "./Toast";

/** Says that something was done, and has what is shown read again. */
export function useDone(): (text: string) => void {
  const queries = useQueryClient();
  const toast = useToast();
  return (text) => {
    toast(text);
    void queries.invalidateQueries();
  };
}
