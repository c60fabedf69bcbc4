import { Link } from "@tanstack/react-router";
import { Empty } from "../ui/states.tsx";

export function NoPage() {
  return (
    <Empty title="There is nothing here" icon="question" page>
      <Link to="/" className="button">
        Go to the overview
      </Link>
    </Empty>
  );
}
