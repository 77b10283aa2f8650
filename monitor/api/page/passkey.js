// One page for two ceremonies, which its address names behind the '#', so that no server's log has it:
// #enrol=CODE registers a passkey by an invitation, #shift=CEREMONY begins a shift that a channel has asked for.

const words = {
  enrol: ["Register your passkey for this device.", "在此设备上注册您的通行密钥。", "Register 注册"],
  shift: ["Begin your shift with your passkey.", "使用通行密钥开始值班。", "Begin 开始"],
  enrolled: ["Your passkey is registered. You may close this page.", "通行密钥已注册，可以关闭本页。"],
  begun: ["Your shift has begun. You may close this page.", "值班已开始，可以关闭本页。"],
  nothing: ["This address is not complete; open it again as you got it.", "网址不完整，请重新打开收到的链接。"],
  old: ["This browser has no passkeys; use a newer one.", "此浏览器不支持通行密钥，请更新浏览器。"],
  failed: ["It did not work: ", "未成功："],
};

const [kind, secret] = location.hash.slice(1).split("=");
const button = document.getElementById("go");

function say([en, zh], more = "") {
  document.getElementById("ask").textContent = en + more;
  document.getElementById("ask-zh").textContent = more ? zh + more : zh;
}

async function ask(path, body) {
  const request = body === undefined ? {} : {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  };
  const answer = await fetch(path, request);
  const document = await answer.json();
  if (!answer.ok) throw new Error(document.detail);
  return document;
}

async function enrol() {
  const { ceremony, options } = await ask("/v1/passkeys/registrations", { code: secret });
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = await navigator.credentials.create({ publicKey });
  await ask(`/v1/passkeys/registrations/${ceremony}`, { credential: credential.toJSON() });
  return words.enrolled;
}

async function shift() {
  const path = `/v1/shifts/${encodeURIComponent(secret)}`;
  const { options } = await ask(path);
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await navigator.credentials.get({ publicKey });
  await ask(path, { credential: credential.toJSON() });
  return words.begun;
}

const ceremonies = { enrol, shift };

async function go() {
  button.disabled = true;
  try {
    say(await ceremonies[kind]());
    button.hidden = true;
  } catch (error) {
    say(words.failed, error.message);
    button.disabled = false;
  }
}

if (!(kind in ceremonies) || !secret) {
  say(words.nothing);
} else if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
  say(words.old);
} else {
  say(words[kind]);
  button.textContent = words[kind][2];
  button.hidden = false;
  button.addEventListener("click", go);
  button.focus();
}
