import "./styles/index.css";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { router } from "./app/router.tsx";
import { listenToKeys } from "./lib/keys.ts";
import { startSession } from "./app/start-session.ts";

const root = document.querySelector("#root");
if (root !== null) {
  listenToKeys();
  startSession();
  createRoot(root).render(
    <StrictMode>
      <RouterProvider router={router} />
    </StrictMode>,
  );
}
