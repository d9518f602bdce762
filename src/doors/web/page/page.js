/** Times in the reader's own zone. */
for (const element of document.querySelectorAll('time')) {
  const at = new Date(element.dateTime);
  element.title = element.textContent ?? '';
  element.textContent = at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}
