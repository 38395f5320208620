// The Cortex-M0+ instruction loop. rp2040js decodes every instruction through a chain of 80 comparisons and reads memory
// through closures; this one is the same architecture (ARMv6-M ARM, DDI 0419) about three times as fast, which is what lets
// three boards keep up with the wall clock. Exceptions and special registers stay rp2040js's.
//
// Cycles: Cortex-M0+ TRM table 3-1 with the RP2040's single-cycle multiplier and single-cycle IO port.
import { Operations } from './operations.mjs';

const HANDLER = 1;
const FLASH = 0x10;
const SRAM = 0x20;

export class Core extends Operations {
  /**
   * Executes from the PC until `budget` cycles have gone or something outside the core needs attention. Returns the cycles.
   * One function on purpose: the compiler keeps pc, cycles and flags in machine registers.
   */
  run(budget) {
    const r = this.signed;
    const { flash16, sram16, rom16 } = this;
    let pc = r[15] & ~1;
    let cycles = 0;
    let nz = this.nz;
    let c = this.C ? 1 : 0;
    let v = this.V ? -1 : 0;
    this.limit = budget;
    this.wait = 0;
    this.line = -1;
    do {
      let op;
      const page = pc >>> 24;
      if (page === FLASH) {
        if (pc >>> 3 !== this.line) cycles += this.fetch(pc);
        op = flash16[(pc & 0xffffff) >>> 1];
      } else if (page === SRAM) {
        op = sram16[(pc & 0xfffff) >>> 1];
      } else {
        op = pc < 0x4000 ? rom16[pc >>> 1] : this.lost(pc);
      }
      pc += 2;
      cycles += 1;
      const d = op & 7;
      const m = (op >>> 3) & 7;
      switch (op >>> 11) {
        case 0: { // LSLS Rd, Rm, #imm5
          const n = (op >>> 6) & 31;
          if (n) c = (r[m] >>> (32 - n)) & 1;
          nz = r[d] = r[m] << n;
          break;
        }
        case 1: { // LSRS
          const n = (op >>> 6) & 31;
          c = n ? (r[m] >>> (n - 1)) & 1 : r[m] >>> 31;
          nz = r[d] = n ? r[m] >>> n : 0;
          break;
        }
        case 2: { // ASRS
          const n = (op >>> 6) & 31 || 32;
          c = n < 32 ? (r[m] >>> (n - 1)) & 1 : r[m] >>> 31;
          nz = r[d] = n < 32 ? r[m] >> n : r[m] >> 31;
          break;
        }
        case 3: { // ADDS, SUBS with a register or imm3
          const a = r[m];
          const b = op & 0x400 ? (op >>> 6) & 7 : r[(op >>> 6) & 7];
          if (op & 0x200) {
            nz = (a - b) | 0;
            c = a >>> 0 >= b >>> 0 ? 1 : 0;
            v = (a ^ b) & (a ^ nz);
          } else {
            nz = (a + b) | 0;
            c = nz >>> 0 < a >>> 0 ? 1 : 0;
            v = (a ^ nz) & (b ^ nz);
          }
          r[d] = nz;
          break;
        }
        case 4: // MOVS Rd, #imm8
          nz = r[(op >>> 8) & 7] = op & 0xff;
          break;
        case 5: { // CMP Rn, #imm8
          const a = r[(op >>> 8) & 7];
          const b = op & 0xff;
          nz = (a - b) | 0;
          c = a >>> 0 >= b ? 1 : 0;
          v = (a ^ b) & (a ^ nz);
          break;
        }
        case 6: { // ADDS Rdn, #imm8
          const n = (op >>> 8) & 7;
          const a = r[n];
          const b = op & 0xff;
          nz = r[n] = (a + b) | 0;
          c = nz >>> 0 < a >>> 0 ? 1 : 0;
          v = (a ^ nz) & (b ^ nz);
          break;
        }
        case 7: { // SUBS Rdn, #imm8
          const n = (op >>> 8) & 7;
          const a = r[n];
          const b = op & 0xff;
          nz = r[n] = (a - b) | 0;
          c = a >>> 0 >= b ? 1 : 0;
          v = (a ^ b) & (a ^ nz);
          break;
        }
        case 8: {
          if (op < 0x4400) { // data processing, registers
            const a = r[d];
            const b = r[m];
            switch ((op >>> 6) & 15) {
              case 0: nz = r[d] = a & b; break;
              case 1: nz = r[d] = a ^ b; break;
              case 2: case 3: case 4: case 7:
                r[d] = this.shift((op >>> 6) & 15, a, b & 0xff, c);
                nz = r[d];
                c = this.carry;
                break;
              case 5: { // ADCS
                const sum = (a >>> 0) + (b >>> 0) + c;
                nz = r[d] = sum | 0;
                c = sum > 0xffffffff ? 1 : 0;
                v = (a ^ nz) & (b ^ nz);
                break;
              }
              case 6: { // SBCS
                const borrow = 1 - c;
                nz = r[d] = (a - b - borrow) | 0;
                c = a >>> 0 >= (b >>> 0) + borrow ? 1 : 0;
                v = (a ^ b) & (a ^ nz);
                break;
              }
              case 8: nz = a & b; break; // TST
              case 9: // RSBS
                nz = r[d] = -b | 0;
                c = b === 0 ? 1 : 0;
                v = b & nz;
                break;
              case 10: // CMP
                nz = (a - b) | 0;
                c = a >>> 0 >= b >>> 0 ? 1 : 0;
                v = (a ^ b) & (a ^ nz);
                break;
              case 11: // CMN
                nz = (a + b) | 0;
                c = nz >>> 0 < a >>> 0 ? 1 : 0;
                v = (a ^ nz) & (b ^ nz);
                break;
              case 12: nz = r[d] = a | b; break;
              case 13: nz = r[d] = Math.imul(a, b); break;
              case 14: nz = r[d] = a & ~b; break;
              default: nz = r[d] = ~b;
            }
            break;
          }
          const n = d | ((op >>> 4) & 8);
          const from = (op >>> 3) & 15;
          const b = from === 15 ? pc + 2 : r[from];
          switch ((op >>> 8) & 3) {
            case 0: // ADD
              if (n === 15) {
                pc = (pc + 2 + b) & ~1;
                cycles += 1;
              } else {
                r[n] = n === 13 ? (r[13] + b) & ~3 : r[n] + b;
              }
              break;
            case 1: { // CMP
              const a = n === 15 ? pc + 2 : r[n];
              nz = (a - b) | 0;
              c = a >>> 0 >= b >>> 0 ? 1 : 0;
              v = (a ^ b) & (a ^ nz);
              break;
            }
            case 2: // MOV
              if (n === 15) {
                pc = b & ~1;
                cycles += 1;
              } else {
                r[n] = n === 13 ? b & ~3 : b;
              }
              break;
            default: // BX, BLX
              cycles += 1;
              if (op & 0x80) r[14] = pc | 1;
              if (b >>> 28 === 15 && this.currentMode === HANDLER) {
                this.exceptionReturn(b & 0x0fffffff);
                pc = r[15];
                nz = this.nz;
                c = this.C ? 1 : 0;
                v = this.V ? -1 : 0;
                cycles += 10;
                this.limit = 0;
              } else {
                pc = b & ~1;
              }
          }
          break;
        }
        case 9: // LDR Rt, [PC, #imm8]
          cycles += 1;
          r[(op >>> 8) & 7] = this.load32(((pc + 2) & ~3) + ((op & 0xff) << 2), cycles);
          break;
        case 10: { // STR, STRH, STRB, LDRSB with a register offset
          const address = (r[m] + r[(op >>> 6) & 7]) | 0;
          cycles += 1;
          switch ((op >>> 9) & 3) {
            case 0: this.store32(address, r[d], cycles); break;
            case 1: this.store16(address, r[d], cycles); break;
            case 2: this.store8(address, r[d], cycles); break;
            default: r[d] = (this.load8(address, cycles) << 24) >> 24;
          }
          break;
        }
        case 11: { // LDR, LDRH, LDRB, LDRSH with a register offset
          const address = (r[m] + r[(op >>> 6) & 7]) | 0;
          cycles += 1;
          switch ((op >>> 9) & 3) {
            case 0: r[d] = this.load32(address, cycles); break;
            case 1: r[d] = this.load16(address, cycles); break;
            case 2: r[d] = this.load8(address, cycles); break;
            default: r[d] = (this.load16(address, cycles) << 16) >> 16;
          }
          break;
        }
        case 12: // STR Rt, [Rn, #imm5]
          cycles += 1;
          this.store32((r[m] + ((op >>> 4) & 0x7c)) | 0, r[d], cycles);
          break;
        case 13:
          cycles += 1;
          r[d] = this.load32((r[m] + ((op >>> 4) & 0x7c)) | 0, cycles);
          break;
        case 14: // STRB
          cycles += 1;
          this.store8((r[m] + ((op >>> 6) & 31)) | 0, r[d], cycles);
          break;
        case 15:
          cycles += 1;
          r[d] = this.load8((r[m] + ((op >>> 6) & 31)) | 0, cycles);
          break;
        case 16: // STRH
          cycles += 1;
          this.store16((r[m] + ((op >>> 5) & 0x3e)) | 0, r[d], cycles);
          break;
        case 17:
          cycles += 1;
          r[d] = this.load16((r[m] + ((op >>> 5) & 0x3e)) | 0, cycles);
          break;
        case 18: // STR Rt, [SP, #imm8]
          cycles += 1;
          this.store32((r[13] + ((op & 0xff) << 2)) | 0, r[(op >>> 8) & 7], cycles);
          break;
        case 19:
          cycles += 1;
          r[(op >>> 8) & 7] = this.load32((r[13] + ((op & 0xff) << 2)) | 0, cycles);
          break;
        case 20: // ADR
          r[(op >>> 8) & 7] = ((pc + 2) & ~3) + ((op & 0xff) << 2);
          break;
        case 21: // ADD Rd, SP, #imm8
          r[(op >>> 8) & 7] = r[13] + ((op & 0xff) << 2);
          break;
        case 22: {
          const kind = (op >>> 8) & 7;
          if (kind === 0) { // ADD, SUB SP, #imm7
            const n = (op & 0x7f) << 2;
            r[13] += op & 0x80 ? -n : n;
          } else if (kind === 2) { // SXTH, SXTB, UXTH, UXTB
            const b = r[m];
            const n = (op >>> 6) & 3;
            r[d] = n === 0 ? (b << 16) >> 16 : n === 1 ? (b << 24) >> 24 : n === 2 ? b & 0xffff : b & 0xff;
          } else if (kind === 4 || kind === 5) {
            cycles += this.push(op, cycles);
          } else if (kind === 6 && (op & 0xffef) === 0xb662) { // CPSIE, CPSID
            this.mask((op & 0x10) !== 0);
          } else {
            r[15] = pc;
            this.undefined(op);
          }
          break;
        }
        case 23: {
          const kind = (op >>> 8) & 7;
          if (kind === 4 || kind === 5) { // POP
            cycles += this.pop(op, cycles);
            if (op & 0x100) {
              const to = this.load32(r[13], cycles);
              r[13] += 4;
              cycles += 3;
              if (to >>> 28 === 15 && this.currentMode === HANDLER) {
                this.exceptionReturn(to & 0x0fffffff);
                pc = r[15];
                nz = this.nz;
                c = this.C ? 1 : 0;
                v = this.V ? -1 : 0;
                cycles += 10;
                this.limit = 0;
              } else {
                pc = to & ~1;
              }
            }
          } else if (kind === 2) {
            r[d] = this.reverse(op, r[m]);
          } else if (kind === 6) { // BKPT: a routine of the boot ROM
            r[15] = pc;
            this.saveFlags(nz, c, v);
            this.synchronise(cycles);
            this.limit = 0;
            this.rp2040.onBreak(op & 0xff);
            nz = this.nz;
            c = this.C ? 1 : 0;
            v = this.V ? -1 : 0;
          } else if (kind === 7) {
            this.hint(op);
          } else {
            r[15] = pc;
            this.undefined(op);
          }
          break;
        }
        case 24:
          cycles += this.storeMany(op, cycles);
          break;
        case 25:
          cycles += this.loadMany(op, cycles);
          break;
        case 26:
        case 27: { // B<cond>, SVC
          let taken = false;
          switch ((op >>> 8) & 15) {
            case 0: taken = nz === 0; break;
            case 1: taken = nz !== 0; break;
            case 2: taken = c !== 0; break;
            case 3: taken = c === 0; break;
            case 4: taken = nz < 0; break;
            case 5: taken = nz >= 0; break;
            case 6: taken = v < 0; break;
            case 7: taken = v >= 0; break;
            case 8: taken = c !== 0 && nz !== 0; break;
            case 9: taken = c === 0 || nz === 0; break;
            case 10: taken = (nz ^ v) >= 0; break;
            case 11: taken = (nz ^ v) < 0; break;
            case 12: taken = nz !== 0 && (nz ^ v) >= 0; break;
            case 13: taken = nz === 0 || (nz ^ v) < 0; break;
            case 14:
              r[15] = pc;
              this.undefined(op);
              break;
            default:
              this.pendingSVCall = true;
              this.interruptsUpdated = true;
              this.limit = 0;
          }
          if (taken) {
            pc = (pc + 2 + ((op << 24) >> 23)) | 0;
            cycles += 1;
          }
          break;
        }
        case 28: // B
          pc = (pc + 2 + ((op << 21) >> 20)) | 0;
          cycles += 1;
          break;
        case 30: {
          let second;
          if (pc >>> 24 === FLASH) {
            if (pc >>> 3 !== this.line) cycles += this.fetch(pc);
            second = flash16[(pc & 0xffffff) >>> 1];
          } else {
            second = pc >>> 24 === SRAM ? sram16[(pc & 0xfffff) >>> 1] : rom16[pc >>> 1];
          }
          pc += 2;
          if ((second & 0xd000) === 0xd000) { // BL
            r[14] = pc | 1;
            pc = (pc + this.distance(op, second)) | 0;
            cycles += 2;
          } else {
            r[15] = pc;
            this.saveFlags(nz, c, v);
            cycles += this.special(op, second);
            nz = this.nz;
            c = this.C ? 1 : 0;
            v = this.V ? -1 : 0;
          }
          break;
        }
        default:
          r[15] = pc;
          this.undefined(op);
      }
    } while (cycles < this.limit);
    r[15] = pc;
    this.saveFlags(nz, c, v);
    return cycles + this.wait;
  }
}
