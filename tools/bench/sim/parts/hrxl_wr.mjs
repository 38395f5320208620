/** MaxBotix HRXL-MaxSonar-WR on its serial line: R, four digits in mm, CR, at 9600 8N1. Source: as of `../hrxl_wr.mjs`. */

import { garble } from '../garble.mjs';
import { HrxlWr } from '../hrxl_wr.mjs';

const BAUD = 9600;
const HEADER = 'HRXL-MaxSonar-WR\r'; // after power; its text is assumed

export class HRXL_WR extends HrxlWr {
  static BUS = 'uart';

  /** wiring: {uart, tx, rx, power}. options: as `set` of HrxlWr, and garbled (share of the lines with a wrong bit). */
  constructor(host, wiring, options = {}) {
    super(host, wiring, 'hrxl_wr', (mm) => this.#send(mm), { garbled: 0 }, options);
    this.uart = host.uart(wiring.uart);
    this.greeted = -Infinity;
  }

  #send(mm) {
    if (!this.uart.open()) return;
    const greeting = this.greeted === this.supply.since ? '' : HEADER;
    this.greeted = this.supply.since;
    const bytes = [...Buffer.from(`${greeting}R${String(mm).padStart(4, '0')}\r`)];
    garble(bytes, this.echo.get('garbled'), () => this.host.random(), { last: 5, bits: 7 });
    this.uart.send(bytes, BAUD);
  }
}
