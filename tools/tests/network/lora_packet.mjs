// The oracle: npm lora-packet reads and makes the frames that stdin lists, as JSON, answers on stdout.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(process.argv[2] + "/package.json");
const lora = require("lora-packet");
const hex = (text) => Buffer.from(text, "hex");
const TYPES = { 2: "Unconfirmed Data Up", 3: "Unconfirmed Data Down", 4: "Confirmed Data Up", 5: "Confirmed Data Down" };

function high(job) {
  return hex(Math.floor(job.f_cnt / 65536).toString(16).padStart(4, "0")).reverse();
}

function readData(job) {
  const packet = lora.fromWire(hex(job.phy));
  const port = packet.getFPort();
  return {
    mic: lora.verifyMIC(packet, hex(job.nwk_s_key), undefined, high(job)),
    type: packet.getMType(),
    dev_addr: packet.DevAddr.toString("hex"),
    f_cnt16: packet.getFCnt(),
    f_port: port,
    adr: packet.getFCtrlADR(),
    ack: packet.getFCtrlACK(),
    f_opts: (packet.FOpts ?? Buffer.alloc(0)).toString("hex"),
    payload: packet.FRMPayload?.length
      ? lora.decrypt(packet, hex(job.app_s_key), hex(job.nwk_s_key), high(job)).toString("hex")
      : "",
  };
}

function makeData(job) {
  const fields = {
    MType: TYPES[job.mtype], DevAddr: hex(job.dev_addr), FCnt: job.f_cnt % 65536, FPort: job.f_port,
    FCtrl: { ADR: job.adr, ACK: job.ack, ADRACKReq: false, FPending: false },
    FOpts: hex(job.f_opts), payload: hex(job.payload),
  };
  const made = lora.fromFields(fields, hex(job.app_s_key), hex(job.nwk_s_key), undefined, high(job));
  return { phy: made.getPHYPayload().toString("hex") };
}

function readJoinRequest(job) {
  const packet = lora.fromWire(hex(job.phy));
  return {
    mic: lora.verifyMIC(packet, undefined, hex(job.app_key)),
    join_eui: packet.AppEUI.toString("hex"), dev_eui: packet.DevEUI.toString("hex"),
    dev_nonce: packet.DevNonce.readUInt16BE(0),
  };
}

function readJoinAccept(job) {
  const key = hex(job.app_key);
  const clear = lora.fromWire(lora.decryptJoinAccept(lora.fromWire(hex(job.phy)), key));
  const keys = lora.generateSessionKeys10(key, clear.NetID, clear.AppNonce, hex(job.dev_nonce));
  return {
    mic: lora.verifyMIC(clear, undefined, key), dev_addr: clear.DevAddr.toString("hex"),
    net_id: clear.NetID.toString("hex"), join_nonce: clear.AppNonce.readUIntBE(0, 3),
    cf_list: clear.CFList?.toString("hex") ?? "",
    nwk_s_key: keys.NwkSKey.toString("hex"), app_s_key: keys.AppSKey.toString("hex"),
  };
}

const does = { readData, makeData, readJoinRequest, readJoinAccept };
const jobs = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(jobs.map((job) => does[job.op](job))));
