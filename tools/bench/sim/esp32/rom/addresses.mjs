// Addresses of functions in the ESP32's mask ROM that applications call.
// Source: ESP-IDF, components/esp_rom/esp32/ld/*.ld (Espressif's linker scripts), facts only.

const TABLE = `
40000e8c creat  40000ea0 _isatty_r  40000f04 isalnum  40000f18 isalpha  40000f2c isblank  40000f50 iscntrl  40000f64 isdigit
40000f78 islower  40000f94 isgraph  40000fa8 isprint  40000fc0 ispunct  40000fd4 isspace  40000fe8 isupper  40001004 srand
40001058 rand  400010d4 rand_r  40001118 __sread  40001148 __seofread  40001150 __swrite  40001184 __sseek  400011b8 __sclose
400011cc strcasecmp  40001210 strcasestr  40001274 strcmp  40001398 strcoll  400013ac strcpy  4000143c strdup
40001450 _strdup_r  40001470 strlcat  400014c0 strlen  40001524 strlwr  40001550 strncasecmp  400015d4 strncpy
400016b0 strndup  400016c4 _strndup_r  40001708 strrchr  40001734 strsep  4000174c strupr  40001868 tolower  40001884 toupper
400018a0 __tzcalc_limits  40001a04 __tz_lock  40001a10 __tz_unlock  40001d48 _cleanup_r  40001dc8 __sfmoreglue
40001df8 _cleanup  40001e08 __sfp_lock_acquire  40001e14 __sfp_lock_release  40001e20 __sinit_lock_acquire
40001e2c __sinit_lock_release  40001e38 __sinit  40001e90 __sfp  40001f1c __fp_lock_all  40001f30 __fp_unlock_all
40001f44 _findenv_r  40001fbc _getenv_r  40001fd4 __env_lock  40001fe0 __env_unlock  40001fec _fclose_r  400020ac fclose
400020e8 __addsf3  400021d0 __subsf3  4000234c __divsf3  4000240c __fixsfsi  4000244c __fixsfdi  400024ac __fixunssfsi
40002504 __fixunssfdi  40002590 __adddf3  400026e4 __subdf3  40002954 __divdf3  40002a78 __fixdfsi  40002ac4 __fixdfdi
40002b30 __fixunsdfsi  40002b90 __truncdfsf2  40002c34 __extendsfdf2  40002ed0 __popcountsi2  40002ef8 __popcountdi2
40002f3c __paritysi2  40004100 phy_get_romfuncs  40004148 rom_i2c_readReg  400041a4 rom_i2c_writeReg
400041c0 rom_i2c_readReg_Mask  400041fc rom_i2c_writeReg_Mask  400067b0 ets_intr_lock  400067c4 ets_intr_unlock
400067d8 ets_waiti0  400067ec ets_isr_attach  4000681c intr_matrix_set  4000689c ets_set_appcpu_boot_addr
40007cf8 ets_write_char_uart  40007d18 ets_install_putc1  40007d28 ets_install_uart_printf  40007d38 ets_install_putc2
40007d54 ets_printf  40008170 calc_rtc_memory_crc  400081d4 rtc_get_reset_reason  400081f4 rtc_get_wakeup_cause
40008208 set_rtc_memory_crc  4000824c software_reset  40008264 software_reset_cpu  40008534 ets_delay_us
40008550 ets_update_cpu_frequency  4000855c ets_get_cpu_frequency  4000856c ets_get_xtal_scale
40008588 ets_get_detected_xtal_freq  40008658 ets_efuse_get_spiconfig  40008710 ets_efuse_get_8M_clock  40008fd0 uartAttach
40009028 uart_tx_switch  400090cc uart_div_modify  40009120 Uart_Init  40009200 uart_tx_one_char  4000922c uart_tx_one_char2
40009258 uart_tx_flush  400092d0 uart_rx_one_char  40009598 GetUartDevice  400095a4 mmu_init  400095e0 cache_flash_mmu_set
400097f4 cache_sram_mmu_set  40009950 Cache_Read_Init  40009a14 Cache_Flush  40009a84 Cache_Read_Enable
40009ab8 Cache_Read_Disable  40009b24 gpio_output_set  40009b5c gpio_output_set_high  40009b88 gpio_input_get
40009b9c gpio_input_get_high  40009edc gpio_matrix_in  40009f0c gpio_matrix_out  40009fdc gpio_pad_select_gpio
4000a11c gpio_pad_set_drv  4000a22c gpio_pad_pullup  4000a348 gpio_pad_pulldown  4000a484 gpio_pad_unhold
4000a734 gpio_pad_hold  4000bfdc _xtos_set_intlevel  4000c050 xthal_get_ccount  4000c058 xthal_set_ccompare
4000c078 xthal_get_ccompare  4000c0bc xthal_memcpy  4000c1e4 xthal_get_interrupt  4000c1ec xthal_set_intclear  4000c1f4 bzero
4000c20c isascii  4000c220 memccpy  4000c244 memchr  4000c260 memcmp  4000c2c8 memcpy  4000c3c0 memmove  4000c400 memrchr
4000c44c memset  4000c498 __sccl  4000c518 strcat  4000c53c strchr  4000c558 strcspn  4000c584 strlcpy  4000c5c4 strncat
4000c5f4 strncmp  4000c628 strnlen  4000c648 strspn  4000c674 strstr  4000c6a8 __strtok_r  4000c70c strtok_r  4000c720 toascii
4000c728 __dummy_lock  4000c730 __dummy_lock_try  4000c738 _fwalk  4000c770 _fwalk_reent  4000c7b8 __divsi3  4000c7c0 __modsi3
4000c7c8 __udivsi3  4000c7d0 __umodsi3  4000c7e8 __clzsi2  4000c7f0 __ctzsi2  4000c804 __ffssi2  4000c818 __ashldi3
4000c830 __ashrdi3  4000c84c __lshrdi3  4000c864 __floatunsisf  4000c870 __floatsisf  4000c8b0 __floatundisf
4000c8c0 __floatdisf  4000c938 __floatunsidf  4000c944 __floatsidf  4000c978 __floatundidf  4000c988 __floatdidf
4000c9fc __muldi3  4000ca14 __negdi2  4000ca2c __ffsdi2  4000ca50 __clzdi2  4000ca64 __ctzdi2  4000ca84 __divdi3
4000cd4c __moddi3  4000cff8 __udivdi3  4000d280 __umoddi3  400561f0 __utoa  40056258 utoa  40056268 setjmp  400562cc longjmp
40056340 abs  40056348 div  40056370 labs  40056378 ldiv  40056424 qsort  40056678 __itoa  400566b4 itoa  400566c4 atoi
400566d4 _atoi_r  400566ec atol  400566fc _atol_r  40056714 _strtol_r  4005681c strtol  40056834 _strtoul_r  4005692c strtoul
400588d8 _wcrtomb_r  40058920 wcrtomb  4005893c __sfvwrite_r  40058bec __swbuf_r  40058cb4 __swbuf  40058cc8 __swsetup_r
40058da0 __fputwc  40058e4c _fputwc_r  40058ea8 fputwc  40058ef0 __ascii_wctomb  40058f14 _wctomb_r  40058f3c __submore
40058fa0 _ungetc_r  400590f4 ungetc  40059108 __smakebuf_r  400591e0 __sflush_r  40059320 _fflush_r  40059394 fflush
400593d4 __srefill_r  4005c07c ets_sha_enable  4005c0a8 ets_sha_disable  4005c8cc ets_aes_enable  4005c8f8 ets_aes_disable
4005cfec crc32_le  4005d024 crc32_be  4005d05c crc16_le  4005d09c crc16_be  4005d0e0 crc8_le  4005d114 crc8_be
4005d144 esp_crc8  4005da7c MD5Init  4005da9c MD5Update  4005db1c MD5Final  4005edbc mz_adler32  4005ee88 mz_crc32
40061ddc spiflash_select_qio_pins  400621b0 spiflash_read_user_cmd  40062a6c spiflash_attach  40062bc8 spiflash_config_clk
40063238 spiflash_config_param  400632c8 __mulsf3  40063374 __eqsf2  400633a0 __gtsf2  400633c0 __lesf2  4006340c __gesf2
4006342c __ltsf2  40063478 __unordsf2  400634a0 __negdf2  4006358c __muldf3  400636a8 __eqdf2  400636dc __gtdf2
40063704 __ledf2  40063768 __gedf2  40063790 __ltdf2  400637f4 __unorddf2  40063860 __clear_cache  4006389c __powisf2
400638e4 __powidf2  40064ae0 __bswapsi2  40064b08 __bswapdi2
`;

/** {address: name}. */
export const FUNCTIONS = new Map([...TABLE.matchAll(/([0-9a-f]{8}) (\w+)/g)].map(([, address, name]) => [parseInt(address, 16), name]));
