"""SIMCom SIM7080G: LTE-M and NB-IoT. Sources: `tools/bench/sim/modem/sim7080g.json`."""

from micropython import const

from node.modems import ModemError
from node.modems.network import Cellular

_ON_MS = const(1100)
_OFF_MS = const(1500)
_BOOT_MS = const(6000)
_DOWN_MS = const(2500)
_CONNECT_MS = const(65000)
_TAU = "00100011"  # 3 h asked for; T3412, 3GPP TS 24.008, 10.5.163a
_ACTIVE = "00000101"  # 10 s; T3324, 10.5.163
_KINDS = {"lte-m": 1, "nb-iot": 2}
_CA = "ca.pem"


class Modem(Cellular):
    """The contract is in `node.modems`. key: the Pin that pulls PWRKEY low while it is high."""

    def __init__(self, uart, key, pause, settings):
        super().__init__(uart, pause, settings)
        self._key = key
        self.messages = []
        self.lost = False
        self.psm = False  # was it granted?

    def urc(self, line: bytes) -> None:
        """A message, or the end of the session."""
        if line[:8] == b"+SMSUB: ":
            self.messages.append(line[8:].split(b",", 1)[-1].strip(b'"'))
        elif line in (b"+SMSTATE: 0", b"+APP PDP: 0,DEACTIVE") or line[:6] == b"NORMAL":
            self.lost = True

    async def _hold(self, ms):
        self._key(1)
        await self.pause(ms)
        self._key(0)

    async def start(self) -> None:
        """Switch it on unless it answers; one that hangs is switched off before."""
        if not await self.answers(1000):
            await self._hold(_ON_MS)
            if not await self.answers(_BOOT_MS):
                await self._hold(_OFF_MS)
                await self.pause(_DOWN_MS)
                await self._hold(_ON_MS)
                if not await self.answers(_BOOT_MS):
                    raise OSError("the modem does not answer; check its supply, tx, rx and key")
        for command in ("ATE0", "AT+CMEE=1", "AT+CLTS=1"):
            await self.ask(command)

    async def search(self) -> None:
        """Set the kind of network, PSM and the APN; then it looks for a network by itself."""
        kind = _KINDS[self.settings.get("bearer", "lte-m")]
        apn = self.settings["apn"]
        for command in (
            "AT+CNMP=38", "AT+CMNB=%d" % kind, "AT+CEDRXS=0",
            'AT+CPSMS=1,,,"%s","%s"' % (_TAU, _ACTIVE),
            'AT+CGDCONT=1,"IP","%s"' % apn, 'AT+CNCFG=0,1,"%s"' % apn,
        ):  # fmt: skip
            await self.ask(command)

    async def attach(self) -> None:
        """Bring the bearer up, and see what PSM is granted."""
        await self.ask("AT+CNACT=0,1", 60000)
        said = await self.heard(b"+APP PDP: 0,", 60000)
        if said != b"+APP PDP: 0,ACTIVE":
            apn = self.settings["apn"]
            raise ModemError(
                "the network refuses the APN %s; set that of the SIM's operator" % apn
            )
        self.psm = (await self.ask("AT+CPSMRDP"))[:1] == b"1"

    async def signal(self) -> tuple:
        """(RSRP in dBm, SINR in dB), None where it does not say."""
        fields = (await self.ask("AT+CPSI?")).split(b",")
        if len(fields) < 14:
            return None, None
        return int(fields[11]), 2 * int(fields[13]) - 20

    async def connect(self) -> None:
        """TLS and MQTT to the broker of the settings. Raises ModemError."""
        settings = self.settings
        host, _, port = settings["broker"].rpartition(":")
        await self._trust(host)
        name = settings["dev_eui"]
        for setting, value in (
            ("URL", '"%s",%s' % (host, port)), ("CLIENTID", '"%s"' % name),
            ("USERNAME", '"%s"' % name), ("PASSWORD", '"%s"' % settings["token"]),
            ("KEEPTIME", "600"), ("CLEANSS", "1"), ("QOS", "1"),
        ):  # fmt: skip
            await self.ask('AT+SMCONF="%s",%s' % (setting, value))
        await self._try("AT+SMDISC")  # of a session that nobody answered in
        self.lost = False
        try:
            await self.ask("AT+SMCONN", _CONNECT_MS)
            await self.ask('AT+SMSUB="devices/%s/down",1' % name, 30000)
        except ModemError as error:
            said = "broker %s:%s does not take us (%s): away, or address, ca.pem or token is wrong"
            raise ModemError(said % (host, port, error))

    async def _trust(self, host):
        """The authority that signs the broker's certificate, written when it is another."""
        authority = self.settings["ca"]
        try:
            size = int(await self.ask('AT+CFSGFIS=3,"%s"' % _CA))
        except ModemError:
            size = 0
        if size != len(authority):
            await self.ask("AT+CFSINIT")
            await self.ask(
                'AT+CFSWFILE=3,"%s",0,%d,5000' % (_CA, len(authority)), 10000, authority
            )
            await self.ask("AT+CFSTERM")
        for command in (
            'AT+CSSLCFG="sslversion",0,3', 'AT+CSSLCFG="ignorertctime",0,0',
            'AT+CSSLCFG="sni",0,"%s"' % host, 'AT+CSSLCFG="convert",2,"%s"' % _CA,
            'AT+SMSSL=1,"%s",""' % _CA,
        ):  # fmt: skip
            await self.ask(command)

    async def publish(self, data: bytes) -> None:
        """At QoS 1: the broker has it."""
        topic = "devices/%s/up" % self.settings["dev_eui"]
        await self.ask('AT+SMPUB="%s",%d,1,0' % (topic, len(data)), 60000, data)

    async def rest(self) -> None:
        """Leave the broker; then PSM begins by itself where it was granted, else it is off."""
        for command in ("AT+SMDISC", "AT+CNACT=0,0") if self.psm else ("AT+CPOWD=1",):
            await self._try(command)

    async def _try(self, command):
        """A command that is refused where there is nothing to end."""
        try:
            await self.ask(command)
        except ModemError:
            pass
