/** Times in the reader's own zone, which is named; the year only where it is another one. */
const thisYear = new Date().getFullYear();
for (const element of document.querySelectorAll('time')) {
  const at = new Date(element.dateTime);
  element.title = element.textContent ?? '';
  element.textContent = at.toLocaleString(undefined, {
    ...(at.getFullYear() === thisYear ? {} : { year: 'numeric' }),
    month: 'short',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  });
}
