namespace Kaa.Python.Layout;

/// <summary>How text is kept.</summary>
public enum UnicodeForm
{
    /// <summary>2.7: an array of Py_UNICODE, two or four bytes each as the build was configured.</summary>
    PyUnicodeArray,

    /// <summary>PEP 393 (3.3–3.11): compact, or legacy with <c>wstr</c> and perhaps not yet ready.</summary>
    FlexibleWithWstr,

    /// <summary>PEP 623 (3.12+): always ready, no <c>wstr</c>.</summary>
    Flexible,
}

/// <summary>How an int keeps its sign and how many digits it has.</summary>
public enum LongForm
{
    /// <summary>Up to 3.11: <c>ob_size</c>, negative for negative numbers.</summary>
    SignedSize,

    /// <summary>3.12+: <c>lv_tag</c>, digits &lt;&lt; 3 | sign (0 positive, 1 zero, 2 negative), Include/internal/pycore_long.h.</summary>
    Tagged,
}

/// <summary>How a dict keeps its entries.</summary>
public enum DictForm
{
    /// <summary>2.7: one open-addressed table of entries; iteration follows the table.</summary>
    HashTable,

    /// <summary>3.6–3.10: <c>dk_size</c> indices, then entries in order of insertion; split values are bare arrays.</summary>
    Compact,

    /// <summary>
    /// 3.11+: <c>dk_log2_size</c>, <c>dk_kind</c>; entries without hashes where all keys are str; split values know their order.
    /// </summary>
    CompactByKind,
}

/// <summary>Where a split dict's values keep the order of insertion.</summary>
public enum DictValuesForm
{
    /// <summary>Up to 3.10: the order of the keys is the order of the values.</summary>
    KeyOrder,

    /// <summary>3.11, 3.12: bytes in front of the values: [-1] prefix size, [-2] used, [-3-i] index of the i-th.</summary>
    Prefixed,

    /// <summary>3.13+: a header (capacity, size, embedded, valid), the values, then one byte of index for each.</summary>
    Counted,
}

/// <summary>Where an instance without a <c>tp_dictoffset</c> of its own keeps its attributes.</summary>
public enum ManagedDictForm
{
    /// <summary>Up to 3.10 there is only <c>tp_dictoffset</c>.</summary>
    None,

    /// <summary>3.11: values at −4 words, dict at −3 words (Include/internal/pycore_object.h).</summary>
    TwoPointers,

    /// <summary>3.12: one word at −3, lowest bit set for values, clear for a dict.</summary>
    TaggedPointer,

    /// <summary>3.13+: a dict pointer, and values behind the object where the type has Py_TPFLAGS_INLINE_VALUES.</summary>
    InlineValues,
}
