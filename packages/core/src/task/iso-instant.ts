const DAY_MS = 86_400_000;
/** From 0000-03-01, where leap days come last in their year, to 1970-01-01. */
const EPOCH_DAYS = 719_468;
const ERA_DAYS = 146_097;

/** `Date.toISOString` for code that must not know `Date`: of the years 0 to 9999. */
export function isoInstant(at: number): string {
  const days = Math.floor(at / DAY_MS);
  const ms = Math.floor(at - days * DAY_MS);
  const [hours, minutes, seconds] = [
    Math.floor(ms / 3_600_000),
    Math.floor(ms / 60_000),
    Math.floor(ms / 1000),
  ];
  const time = `${pad(hours)}:${pad(minutes % 60)}:${pad(seconds % 60)}.${pad(ms % 1000, 3)}`;
  return `${isoDay(days)}T${time}Z`;
}

function isoDay(sinceEpoch: number): string {
  const days = sinceEpoch + EPOCH_DAYS;
  const era = Math.floor(days / ERA_DAYS);
  const dayOfEra = days - era * ERA_DAYS;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, "0");
}
