import { raw } from "@agency/scripted-model";

/** The call by which Claude asks a person one question; the choices and what is said of each. */
export function question(
  text: string,
  header: string,
  choices: Readonly<Record<string, string>>,
): ReturnType<typeof raw> {
  const options = Object.entries(choices).map(([label, description]) => ({ label, description }));
  return raw("AskUserQuestion", { questions: [{ question: text, header, multiSelect: false, options }] });
}
