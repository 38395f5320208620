// Instructions of the Cortex-M0+ that the loop hands out because they are rare or long. Flags are in N, Z, C, V while these run.
import { Memory } from './memory.mjs';

export class Operations extends Memory {
  carry = 0;

  /** rp2040js takes an interrupt that ends WFI at once, also while PRIMASK still holds it back. */
  setInterrupt(irq, value) {
    const bit = 1 << irq;
    if (!value) {
      this.pendingInterrupts &= ~bit;
    } else if (!(this.pendingInterrupts & bit)) {
      this.pendingInterrupts |= bit;
      this.interruptsUpdated = true;
      if (this.waiting && this.enabledInterrupts & bit) this.chip.wake();
    }
  }

  /** CPSIE, CPSID or a write to PRIMASK. */
  mask(masked) {
    this.PM = masked;
    if (masked) return;
    const pending = this.pendingInterrupts & this.enabledInterrupts;
    if (pending || this.pendingPendSV || this.pendingSystick || this.pendingSVCall || this.pendingNMI) {
      this.interruptsUpdated = true;
      this.limit = 0;
    }
  }

  hint(op) {
    const kind = (op >>> 4) & 15;
    if (kind === 4) {
      this.eventRegistered = true; // SEV
    } else if (kind === 3 || (kind === 2 && !this.eventRegistered)) {
      this.waiting = true; // WFI, WFE
      this.limit = 0;
    } else if (kind === 2) {
      this.eventRegistered = false;
    }
  }

  /** MSR, MRS and the barriers; returns their cycles beyond the first. */
  special(op, second) {
    if ((op & 0xfff0) === 0xf380) {
      const value = this.registers[op & 15];
      if ((second & 0xff) === 16) this.mask((value & 1) === 1);
      else this.writeSpecialRegister(second & 0xff, value);
      return 2;
    }
    if (op === 0xf3ef) {
      this.registers[(second >>> 8) & 15] = this.readSpecialRegister(second & 0xff);
      return 2;
    }
    if (op === 0xf3bf) return 2;
    return this.undefined(op, second);
  }

  undefined(op, second = 0) {
    const code = op.toString(16) + (second ? ` ${second.toString(16)}` : '');
    throw new Error(`the firmware ran an undefined instruction (${code}) at 0x${(this.signed[15] - 2).toString(16)}: a hard fault`);
  }

  saveFlags(nz, c, v) {
    this.N = nz < 0;
    this.Z = nz === 0;
    this.C = c !== 0;
    this.V = v < 0;
  }

  /** One value that is negative for N, zero for Z. */
  get nz() {
    return this.Z ? 0 : this.N ? -1 : 1;
  }

  /** LSLS (2), LSRS (3), ASRS (4), RORS (7) by a register's low byte; the carry goes to `this.carry`, kept for 0. */
  shift(kind, value, amount, carry) {
    this.carry = carry;
    if (amount === 0) return value;
    if (kind === 7) return this.rotate(value, amount & 31);
    if (amount >= 32) return this.shiftOut(kind, value, amount);
    this.carry = (kind === 2 ? value >>> (32 - amount) : value >>> (amount - 1)) & 1;
    if (kind === 2) return value << amount;
    return kind === 3 ? value >>> amount : value >> amount;
  }

  rotate(value, amount) {
    const turned = amount ? (value >>> amount) | (value << (32 - amount)) : value;
    this.carry = turned >>> 31;
    return turned;
  }

  /** All bits leave the register. */
  shiftOut(kind, value, amount) {
    const sign = value >>> 31;
    if (kind === 4) {
      this.carry = sign;
      return value >> 31;
    }
    const last = kind === 2 ? value & 1 : sign;
    this.carry = amount === 32 ? last : 0;
    return 0;
  }

  // ---- several registers at once; each returns the cycles beyond the first ----

  /** PUSH {list}, LR with bit 8. */
  push(op, cycles) {
    const r = this.signed;
    let count = 0;
    for (let bits = op & 0x1ff; bits; bits &= bits - 1) count += 1;
    let address = (r[13] - 4 * count) | 0;
    r[13] = address;
    for (let n = 0; n < 8; n++) {
      if (op & (1 << n)) {
        this.store32(address, r[n], cycles);
        address += 4;
      }
    }
    if (op & 0x100) this.store32(address, r[14], cycles);
    return count;
  }

  /** The low registers of a POP; SP moves behind them. */
  pop(op, cycles) {
    const r = this.signed;
    let count = 0;
    for (let n = 0; n < 8; n++) {
      if (op & (1 << n)) {
        r[n] = this.load32(r[13] + 4 * count, cycles);
        count += 1;
      }
    }
    r[13] += 4 * count;
    return count;
  }

  /** STM Rn!, {list}. */
  storeMany(op, cycles) {
    const r = this.signed;
    const base = (op >>> 8) & 7;
    let address = r[base];
    let count = 0;
    for (let n = 0; n < 8; n++) {
      if (op & (1 << n)) {
        this.store32(address, r[n], cycles);
        address = (address + 4) | 0;
        count += 1;
      }
    }
    r[base] = address;
    return count;
  }

  /** LDM Rn, {list}; the base moves unless it is loaded itself. */
  loadMany(op, cycles) {
    const r = this.signed;
    const base = (op >>> 8) & 7;
    let address = r[base];
    let count = 0;
    for (let n = 0; n < 8; n++) {
      if (op & (1 << n)) {
        r[n] = this.load32(address, cycles);
        address = (address + 4) | 0;
        count += 1;
      }
    }
    if (!(op & (1 << base))) r[base] = address;
    return count;
  }

  /** REV, REV16, REVSH. */
  reverse(op, value) {
    const swapped = ((value & 0xff00ff) << 8) | ((value >>> 8) & 0xff00ff);
    const kind = (op >>> 6) & 3;
    if (kind === 0) return (swapped << 16) | (swapped >>> 16);
    return kind === 1 ? swapped : (swapped << 16) >> 16;
  }

  /** BL's distance from its two halves. */
  distance(first, second) {
    const sign = (first << 21) >> 31;
    const i1 = ~(second >>> 13) ^ sign;
    const i2 = ~(second >>> 11) ^ sign;
    return (sign << 24) | ((i1 & 1) << 23) | ((i2 & 1) << 22) | ((first & 0x3ff) << 12) | ((second & 0x7ff) << 1);
  }

  lost(pc) {
    throw new Error(`the firmware jumped to 0x${(pc >>> 0).toString(16)}, where there is no code: a hard fault`);
  }
}
