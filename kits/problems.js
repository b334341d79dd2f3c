// What went wrong in the page, for the test to see.
window.problems = [];
window.addEventListener('unhandledrejection', ({ reason }) => window.problems.push(`${reason?.code}: ${reason?.message}`));
window.addEventListener('error', ({ message }) => window.problems.push(message));
