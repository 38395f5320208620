"""The world: emulated boards, their air and their time, in one Node process driven from Python."""
