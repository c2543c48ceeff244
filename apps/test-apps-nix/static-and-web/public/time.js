const output = document.querySelector('#time');
fetch('/api/time')
  .then((response) => response.json())
  .then((answer) => { output.textContent = answer.time; })
  .catch((error) => { output.textContent = `no answer: ${error.message}`; });
