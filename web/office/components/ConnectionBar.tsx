import { useSyncExternalStore } from "react";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { time } from "../texts/format";
import { say } from "../texts/say";

let lost: Date | undefined;

function subscribe(changed: () => void) {
  const away = () => {
    lost = new Date();
    changed();
  };
  const back = () => {
    lost = undefined;
    changed();
  };
  window.addEventListener("offline", away);
  window.addEventListener("online", back);
  return () => {
    window.removeEventListener("offline", away);
    window.removeEventListener("online", back);
  };
}

/** Says while the network is away, and as of when the screen is. */
export function ConnectionBar() {
  const since = useSyncExternalStore(subscribe, () => lost);
  return <div role="status">{since && <p className="connection-bar">{say("state.offline", { Time: time(timestampFromDate(since)) })}</p>}</div>;
}
