using Kaa.Formats;
using Kaa.Formats.Demangling;

namespace Kaa.Tests.Unit.Formats.Demangling;

public sealed class DemanglerTests
{
    [Theory]
    [InlineData("_ZN3foo3barEv", "foo::bar()")]
    [InlineData("_ZNK3foo3barEic", "foo::bar(int, char) const")]
    [InlineData("_ZNSsC1ERKSs", "std::basic_string<char, std::char_traits<char>, std::allocator<char> >::basic_string(std::string const&)")]
    [InlineData("_ZStlsIcE", "std::operator<< <char>")]
    [InlineData("_Z1fPFviEM1AKFivE", "f(void (*)(int), int (A::*)() const)")]
    [InlineData("_Z1fRA3_Ki", "f(int const (&) [3])")]
    [InlineData("_Z3sumIJiclEEvDpT_", "void sum<int, char, long>(int, char, long)")]
    [InlineData("_ZZ4mainENKUlT_E_clIiEEDaS_", "auto main::{lambda(auto:1)#1}::operator()<int>(int) const")]
    [InlineData("_ZN12_GLOBAL__N_11fEv", "(anonymous namespace)::f()")]
    [InlineData("_ZN1AcvT_IiEEv", "A::operator int<int>()")]
    [InlineData("_ZTV1A", "vtable for A")]
    [InlineData("_ZTv0_n24_NSoD1Ev", "virtual thunk to std::basic_ostream<char, std::char_traits<char> >::~basic_ostream()")]
    [InlineData("_ZGVZ1fvE1x", "guard variable for f()::x")]
    [InlineData("_Z1fv.constprop.0", "f() [clone .constprop.0]")]
    [InlineData("_ZN1A1fB5cxx11Ev", "A::f[abi:cxx11]()")]
    [InlineData("_ZN4llvm10checkedAddIiEENSt9enable_ifIXsr3std9is_signedIT_EE5valueENS_8OptionalIS2_EEE4typeES2_S2_",
        "std::enable_if<std::is_signed<int>::value, llvm::Optional<int> >::type llvm::checkedAdd<int>(int, int)")]
    [InlineData("_Z10multiple_pILj1EljEN10if_nonpolyIT1_bXsr15poly_int_traitsIS1_E7is_polyEE4typeERK12poly_int_podIXT_ET0_ES1_",
        "if_nonpoly<unsigned int, bool, poly_int_traits<unsigned int>::is_poly>::type multiple_p<1u, long, unsigned int>(poly_int_pod<1u, long> const&, unsigned int)")]
    [InlineData("_ZngILi42EEvN1AIXplT_Li2EEE4TypeE", "void operator-<42>(A<(42)+(2)>::Type)")]
    public void Names_of_C_plus_plus_are_shown_as_they_were_written(string symbol, string name) => Demangler.Demangle(symbol).ShouldBe(name);

    [Theory]
    [InlineData("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad")]
    [InlineData("_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE", "<Test + 'static as foo::Bar<Test>>::bar")]
    [InlineData("_RNvC6_123foo3bar", "123foo::bar")]
    [InlineData("_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00B5_", "cc::spawn::{closure#0}::{closure#0}")]
    [InlineData("_RNvMsr_NtCs3ssYzQotkvD_3std4pathNtB5_7PathBuf3newCs15kBYyAo9fc_7mycrate", "<std::path::PathBuf>::new")]
    [InlineData("_RINvNtC3std3mem8align_ofdE", "std::mem::align_of::<f64>")]
    [InlineData("_RNvXs5_NtCsd4VYFwevHkG_7mycrate3fooINtB5_3BarKj7b_ENtB5_5Trait1f", "<mycrate::foo::Bar<123> as mycrate::foo::Trait>::f")]
    [InlineData("_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y", "utf8_idents::საჭმელად_გემრიელი_სადილი")]
    public void Names_of_Rust_are_shown_without_their_hashes(string symbol, string name) => Demangler.Demangle(symbol).ShouldBe(name);

    [Theory]
    [InlineData("")]
    [InlineData("_")]
    [InlineData("main")]
    [InlineData("_Z")]
    [InlineData("_ZN")]
    [InlineData("_ZN3fooE3")]
    [InlineData("_ZN9999999999fooE")]
    [InlineData("_Z1fIS99_E")]
    [InlineData("_R")]
    [InlineData("_RNvB_1a")]
    [InlineData("_RNvC9_12")]
    [InlineData("_Z1fT_")]
    public void What_is_no_mangled_name_is_shown_as_it_is(string symbol) => Demangler.Demangle(symbol).ShouldBe(symbol);

    [Fact]
    public void Names_that_nest_without_end_are_shown_as_they_are()
    {
        string deep = "_Z1f" + new string('P', 10_000) + "i";
        Demangler.Demangle(deep).ShouldBe(deep);
        string rust = "_RIC1a" + string.Concat(Enumerable.Repeat("T", 5_000)) + "E";
        Demangler.Demangle(rust).ShouldBe(rust);
    }

    [Fact]
    public void A_name_that_doubles_with_each_substitution_is_bounded()
    {
        string doubling = "_Z1f1AIiiE";
        string symbol = doubling + string.Concat(Enumerable.Range(0, 60).Select(i => $"1AIS{(char)('0' + (i % 10))}_S{(char)('0' + (i % 10))}_E"));
        Demangler.Demangle(symbol).Length.ShouldBeLessThanOrEqualTo(Limits.DemangledName);
    }

    [Fact]
    public void Damaged_names_are_shown_as_they_are_or_demangled()
    {
        string[] symbols =
        [
            "_ZN4llvm17make_filter_rangeINS_14iterator_rangeINS_5MachO13InterfaceFile21const_symbol_iteratorEEESt8functionIFbPKNS2_6SymbolEEEEENS1_INS_20filter_iterator_implIDTclsr3stdE5beginclsr3stdE7declvalIRT_EEEET0_NS_6detail15fwd_or_bidi_tagISF_E4typeEEEEEOSD_SG_",
            "_ZZNSt8__detail18__to_chars_10_implImEEvPcjT_E8__digits",
            "_RNvXs5_NtCsd4VYFwevHkG_7mycrate3fooINtB5_3BarKj7b_ENtB5_5Trait1f",
            "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE",
        ];
        var random = new Random(3);
        int changed = 0;
        for (int round = 0; round < 20_000; round++)
        {
            char[] text = symbols[round % symbols.Length].ToCharArray();
            for (int i = random.Next(1, 4); i > 0; i--)
                text[random.Next(2, text.Length)] = text[random.Next(text.Length)];
            string symbol = new(text, 0, random.Next(3) == 0 ? random.Next(text.Length) : text.Length);
            changed += Demangler.Demangle(symbol) == symbol ? 0 : 1;
        }

        changed.ShouldBeGreaterThan(0);
    }
}
