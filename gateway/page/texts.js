// What the page says, in each language.
const TEXTS = {
  en: {
    name: "Name", password: "Password", login: "Log in", logout: "Log out", language: "Français",
    map: "Map of the assets", filter: "Find a street, an asset or a device", close: "Close",
    bin: "Bins", lamp: "Lamps", bay: "Bays", counter: "Counters", live: "live", lost: "connection lost, trying again",
    value: "Value", age: "Measured", quality: "Flags", street: "Street", device: "Device", none: "no value yet",
    stale: "too old to say anything of now", week: "Last 7 days", noWeek: "Nothing was measured in the last 7 days.",
    free: "free", taken: "occupied", dim: "Set level, %", send: "Send", more: "{n} more: type to find them",
    unplaced: "Devices without a place: {names}", trouble: "Trouble",
  },
  fr: {
    name: "Nom", password: "Mot de passe", login: "Se connecter", logout: "Se déconnecter", language: "English",
    map: "Carte des équipements", filter: "Chercher une rue, un équipement, un capteur", close: "Fermer",
    bin: "Corbeilles", lamp: "Lampadaires", bay: "Places", counter: "Compteurs", live: "en direct", lost: "connexion perdue, nouvel essai",
    value: "Valeur", age: "Mesuré", quality: "Réserves", street: "Rue", device: "Capteur", none: "pas encore de valeur",
    stale: "trop ancien pour dire l’état actuel", week: "7 derniers jours", noWeek: "Rien n’a été mesuré ces 7 derniers jours.",
    free: "libre", taken: "occupée", dim: "Régler le niveau, %", send: "Envoyer", more: "{n} autres : tapez pour les trouver",
    unplaced: "Capteurs sans emplacement : {names}", trouble: "Panne",
  },
};

let language = localStorage.getItem("language") ?? (navigator.language.startsWith("fr") ? "fr" : "en");

export const current = () => language;

export function other() {
  language = language === "fr" ? "en" : "fr";
  localStorage.setItem("language", language);
}

export function say(key, parts = {}) {
  return TEXTS[language][key].replace(/\{(\w+)\}/g, (_, name) => parts[name]);
}

// Fills in what stands in the HTML.
export function translate() {
  document.documentElement.lang = language;
  for (const one of document.querySelectorAll("[data-text]")) one.textContent = say(one.dataset.text);
  for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", say(one.dataset.label));
  document.getElementById("filter").placeholder = say("filter");
}

export function shown(asset) {
  const { kind, value, unit } = asset;
  if (value === null) return say("none");
  if (kind === "bay") return say(Number(value) ? "taken" : "free");
  if (kind === "bin" || kind === "lamp") return `${Math.round(value * 100)} %`;
  return `${value} ${unit === "1" ? "" : unit}`.trim();
}

export function age(at) {
  const minutes = Math.round((Date.now() - Date.parse(at)) / 60000);
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  if (minutes < 90) return format.format(-minutes, "minute");
  return minutes < 2880 ? format.format(-Math.round(minutes / 60), "hour") : format.format(-Math.round(minutes / 1440), "day");
}
