import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { time } from "../texts/format";
import { say } from "../texts/say";
import { Notice } from "./Small";

/** Says that what a form holds was sent already, and the shop's answer to it was lost. */
export function Unanswered({ since }: { since: Date | undefined | false }) {
  if (!since) return null;
  return <Notice>{say("request.unanswered", { Time: time(timestampFromDate(since)) })}</Notice>;
}
