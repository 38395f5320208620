// The ROM's own functions: interrupts, pins, clocks, resets, MD5; and xtensa-hal.
import { createHash } from 'node:crypto';

const R = { appBoot: 0x3ff00038, route: 0x3ff00104, secondRoute: 0x114, options: 0x3ff48000, resetState: 0x3ff48034, wakeState: 0x3ff48038,
  gpioIn: 0x3ff44130, gpioOut: 0x3ff44530, enableSet: 0x3ff44024, enableSet1: 0x3ff44030 };
const TICKS_PER_US = 0x3ffe01e0;
const XTAL_HZ = 40e6;

const nothing = () => 0;

/** _xtos_set_intlevel: called thirty times a tick of FreeRTOS, so without a `Call`. */
export function setLevel(core) {
  const { ps } = core;
  const first = ((ps >> 16) & 3) * 4; // the caller's register that is the callee's a0
  const from = core.get(first);
  core.setPs((ps & ~15) | (core.get(first + 2) & 15));
  core.put(first + 2, ps);
  core.pc = first ? (core.pc & 0xc0000000) | (from & 0x3fffffff) : from;
}

export const SYSTEM = {
  MD5Init: (c) => {
    c.chip.digests.set(c.u(0), createHash('md5'));
    return 0;
  },
  MD5Update: (c) => {
    c.chip.digests.get(c.u(0)).update(c.bytes(c.u(1), c.u(2)));
    return 0;
  },
  MD5Final: (c) => {
    c.chip.digests.get(c.u(1)).digest().forEach((byte, i) => c.setByte(c.u(0) + i, byte));
    c.chip.digests.delete(c.u(1));
    return 0;
  },
  intr_matrix_set: (c) => {
    c.memory.w32(R.route + (c.u(0) ? R.secondRoute : 0) + 4 * c.u(1), c.u(2) & 31);
    return 0;
  },
  Cache_Flush: (c) => {
    c.chip.flushCache(c.u(0) & 1);
    return 0;
  },
  ets_set_appcpu_boot_addr: (c) => {
    c.memory.w32(R.appBoot, c.int(0));
    return 0;
  },
  rtc_get_reset_reason: (c) => (c.memory.r32(R.resetState) >>> (c.u(0) ? 6 : 0)) & 63,
  rtc_get_wakeup_cause: (c) => c.memory.r32(R.wakeState) & 0x7ff,
  ets_delay_us: (c) => {
    c.spend(c.u(0) * c.chip.megahertz);
    return 0;
  },
  ets_get_cpu_frequency: (c) => c.memory.r32(TICKS_PER_US) || c.chip.megahertz,
  ets_update_cpu_frequency: (c) => {
    c.memory.w32(TICKS_PER_US, c.int(0));
    return 0;
  },
  ets_get_detected_xtal_freq: () => XTAL_HZ, ets_get_xtal_scale: () => XTAL_HZ / 1e6,
  software_reset: (c) => {
    c.memory.w32(R.options, 1 << 31);
    return 0;
  },
  software_reset_cpu: (c) => {
    c.memory.w32(R.options, 1 << 31);
    return 0;
  },
  gpio_matrix_in: (c) => {
    c.memory.w32(R.gpioIn + 4 * c.u(1), (c.u(0) & 63) | ((c.u(2) & 1) << 6) | (1 << 7));
    return 0;
  },
  gpio_matrix_out: (c) => {
    const gpio = c.u(0);
    c.memory.w32(R.gpioOut + 4 * gpio, (c.u(1) & 0x1ff) | ((c.u(2) & 1) << 9) | ((c.u(3) & 1) << 11));
    c.memory.w32(gpio < 32 ? R.enableSet : R.enableSet1, 1 << (gpio & 31));
    return 0;
  },
  xthal_get_ccount: (c) => c.core.ccount,
  rom_i2c_readReg: nothing, rom_i2c_readReg_Mask: nothing, rom_i2c_writeReg: nothing, rom_i2c_writeReg_Mask: nothing, // the PLL's own bus
  mmu_init: nothing, cache_flash_mmu_set: nothing, Cache_Read_Disable: nothing, Cache_Read_Enable: nothing,
  Cache_Read_Init: nothing, cache_sram_mmu_set: nothing, ets_efuse_get_8M_clock: nothing, ets_efuse_get_spiconfig: nothing,
  ets_intr_lock: nothing, ets_intr_unlock: nothing, ets_isr_attach: nothing, gpio_pad_select_gpio: nothing, gpio_pad_set_drv: nothing,
  gpio_pad_pulldown: nothing, gpio_pad_pullup: nothing, gpio_pad_hold: nothing, gpio_pad_unhold: nothing, spiflash_config_param: nothing,
  spiflash_attach: nothing, spiflash_config_clk: nothing, spiflash_read_user_cmd: nothing, spiflash_select_qio_pins: nothing,
  __clear_cache: nothing, ets_aes_enable: nothing, ets_aes_disable: nothing, ets_sha_enable: nothing, ets_sha_disable: nothing,
  set_rtc_memory_crc: nothing, // guards a wake stub, of which MicroPython has none
  phy_get_romfuncs: nothing,
};
