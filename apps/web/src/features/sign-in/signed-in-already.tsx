import { Navigate } from "@tanstack/react-router";

/** The page of a one-time link, once somebody is signed in. */
export function SignedInAlready() {
  return <Navigate to="/" replace />;
}
