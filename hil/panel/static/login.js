// The token opens a session; the browser keeps only the session's cookie.
import { post } from "/static/api.js";

const form = document.getElementById("login");
const error = document.getElementById("error");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  error.textContent = "";
  const refused = await post("/api/login", { token: form.token.value.trim() });
  if (refused) {
    error.textContent = refused;
    form.token.select();
  } else {
    location.replace("/");
  }
});
form.token.focus();
