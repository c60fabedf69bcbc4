// Before the first paint, so that a page chosen dark never flashes light. A file of its own: no script is inline.
try {
  const theme = localStorage.getItem("agency.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is closed to this page: the system's choice holds.
}
