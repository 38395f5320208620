// SPI, I2C and UART of the chip, wired to the parts of the board. rp2040js completes an SPI frame inside the write
// to the data register, which dead-locks MicroPython's DMA transfers, and forgets TX_EMPTY after an aborted I2C transfer.
import { Uart } from './uart.mjs';

const UART_BASES = [0x40034, 0x40038];
const UART_IRQS = [20, 21];
const UART_FUNCTION = 2;
const UART_DREQS = [{ tx: 20, rx: 21 }, { tx: 22, rx: 23 }];
const TX_EMPTY = 1 << 4;

/** `chip.buses`: {spi: [{exchange}], i2c: [{targets}], uart: [{onByte}]}, made once by the board; survives resets. */
export function attachBuses(chip) {
  const { mcu, buses } = chip;
  mcu.uart = UART_BASES.map((base, i) => {
    const uart = new Uart(mcu, `UART${i}`, UART_IRQS[i], UART_DREQS[i]);
    mcu.peripherals[base] = uart;
    buses.uart[i].connect(uart, (rx) => !chip.deep && (rx === undefined || mcu.gpio[rx].functionSelect === UART_FUNCTION));
    return uart;
  });
  mcu.spi.forEach((controller, i) => attachSpi(controller, buses.spi[i], chip));
  mcu.i2c.forEach((controller, i) => attachI2c(controller, buses.i2c[i], chip));
}

function attachSpi(controller, bus, chip) {
  let answer = 0;
  const done = chip.clock.createAlarm(() => controller.completeTransmit(answer));
  controller.onTransmit = (value) => {
    answer = bus.exchange ? bus.exchange(value & 0xff) & 0xff : 0;
    done.schedule((controller.dataBits * 1e9) / (controller.clockFrequency || 1e6));
  };
}

function attachI2c(controller, bus, chip) {
  const abort = controller.abort.bind(controller);
  controller.abort = (reason) => {
    abort(reason);
    controller.setInterrupts(TX_EMPTY);
  };
  const bit = () => ((controller.sclLowPeriod + controller.sclHighPeriod) * 1e9) / chip.mcu.clkSys;
  const after = (bits, callback) => chip.clock.at(chip.clock.nanos + bits * bit(), callback);
  let target = null;
  controller.onStart = () => after(1, () => controller.completeStart());
  controller.onConnect = (address, mode) =>
    after(9, () => {
      target = bus.targets.get(address) ?? null;
      const acknowledged = target !== null && target.start(mode === 0) !== false;
      if (!acknowledged) target = null;
      controller.completeConnect(acknowledged);
    });
  controller.onWriteByte = (value) => after(9, () => controller.completeWrite(target?.write(value) === true));
  controller.onReadByte = () => after(9, () => controller.completeRead(target ? target.read() & 0xff : 0xff));
  controller.onStop = () =>
    after(1, () => {
      target?.stop();
      target = null;
      controller.completeStop();
    });
}
