"""Names that MicroPython's binary has: they cost a board no heap.

None of them is a name by which MicroPython itself uses an object, like `close` of a stream.
Source: MicroPython 1.25, py/makeqstrdata.py (static_qstr_list), and the names of its rp2 port.
"""

NUMBERED = """
ArithmeticError AssertionError AttributeError BaseException EOFError Ellipsis Exception
GeneratorExit ImportError IndentationError IndexError KeyError KeyboardInterrupt LookupError
MemoryError NameError NoneType NotImplementedError OSError OverflowError RuntimeError StopIteration
SyntaxError SystemExit TypeError ValueError ZeroDivisionError abs all any append args bool
bytearray bytecode bytes callable chr clear copy count dict dir divmod end endswith eval exec
extend find format from_bytes get getattr globals hasattr hash id index insert int isalpha isdigit
isinstance islower isspace issubclass isupper items iter join key keys len list little locals lower
lstrip map next open ord pop popitem pow range remove replace repr reverse rfind rindex round
rsplit rstrip sep set setattr setdefault sort sorted split start startswith step stop str strip sum
to_bytes tuple update upper value values zip
""".split()  # noqa: SIM905
"""Those that a .mpy has by number, in every build of MicroPython; the first 33 take one byte."""

NAMED = """
A I L M S T U X e x pc pi ALT CTS DMA EIO GP0 GP1 GP2 GP3 GP4 GP5 GP6 GP7 GP8 GP9 GS8 I2S LED PTR
RAW RTC RTS erf isr jmp nop oct off osr ps1 ps2 ptr rel sub tau AUTO GP10 GP11 GP12 GP13 GP14 GP15
GP16 GP17 GP18 GP19 GP20 GP21 GP22 GP26 GP27 GP28 GZIP MONO UINT VOID ZLIB acos asin atan bdev
bind blit ceil crc8 dump erfc fabs fmod host imag log2 mem8 mkfs modf peek poly ptr8 real scan
sha1 span tell wrap acosh asinh atan2 atanh chdir delay deque drain expm1 flags floor frexp group
hline isinf isnan ldexp log10 mem16 not_x pixel polar ptr16 ptr32 rmdir stall trunc uname union
vline x_dec y_dec ARRAY EBADF EPERM Flash GPIO0 GPIO1 GPIO2 GPIO3 GPIO4 GPIO5 GPIO6 GPIO7 GPIO8
GPIO9 MVLSB ULONG
""".split()  # noqa: SIM905
"""Short ones that a .mpy spells; another port may lack some, where they cost as much as others."""
