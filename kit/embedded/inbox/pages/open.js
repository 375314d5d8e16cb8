// Sends the key that stands after the # of the link, and shows the inbox.
const key = location.hash.slice(1);
if (key) {
  history.replaceState(null, "", location.pathname); // not even the history keeps it
  fetch("/inbox/open", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ key }) })
    .then(async (answer) => {
      if (answer.ok) {
        location.reload();
      } else {
        document.getElementById("status").textContent = await answer.text();
      }
    })
    .catch(() => {
      document.getElementById("status").textContent = "The shop does not answer.";
    });
}
