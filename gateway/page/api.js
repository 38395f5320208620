// The REST API with the session's cookie; what changes something repeats the session's secret.
let csrf = "";

export const remember = (session) => { csrf = session?.csrf ?? ""; };

export async function call(method, path, body) {
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
  const options = method === "GET" ? {} : { method, headers, body: JSON.stringify(body ?? {}) };
  const answer = await fetch(path, options);
  const value = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(`${value.error} (${value.act})`), { status: answer.status });
  return value;
}
